import { createRoot } from 'react-dom/client'
import '@/i18n/setup'
import { Gallery } from './Gallery'
import './gallery.css'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(<Gallery />)
